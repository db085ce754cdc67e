/** For whoever runs the instance: people, mail, rules, what happened, limits. */
import { ArrowLeft } from "lucide-react";
import { Link, useLocation } from "wouter";
import { OperateActivity } from "../parts/OperateActivity";
import { OperateApplications } from "../parts/OperateApplications";
import { OperateLimits } from "../parts/OperateLimits";
import { OperateMail } from "../parts/OperateMail";
import { OperatePeople } from "../parts/OperatePeople";
import { OperateRules } from "../parts/OperateRules";
import { ProofProvider } from "../parts/Proof";
import { path } from "../paths";
import { useTitle } from "../state/page";
import { IconButton } from "../ui/Button";
import { Empty } from "../ui/Note";
import { app, operate as words } from "../words";
import type { MeView } from "../wire";
import "./page.css";
import "./security.css";
import "../parts/govern.css";
import "../parts/operate.css";

const sections = [
  { name: "", label: words.people },
  { name: "applications", label: words.applications },
  { name: "rules", label: words.rules },
  { name: "mail", label: words.mail },
  { name: "activity", label: words.activity },
  { name: "limits", label: words.limits },
];

export function Operate({ me, section }: { me: MeView; section: string }) {
  const [, go] = useLocation();
  useTitle(app.title(words.title, 0));
  const current = sections.find((one) => one.name === section) ?? sections[0];
  return (
    <ProofProvider>
      <header className="talk-head">
        <IconButton icon={ArrowLeft} label={app.back} onPress={() => go(path.you())} />
        <h1 className="own-title serif">{words.title}</h1>
      </header>
      {me.operator && (
        <nav className="govern-tabs" aria-label={words.sections}>
          {sections.map((one) => (
            <Link key={one.name} href={path.operate(one.name)} className="govern-tab" aria-current={one === current ? "page" : undefined}>
              {one.label}
            </Link>
          ))}
        </nav>
      )}
      <div className="own">
        <div className="own-page govern-page">{me.operator ? <Section name={current?.name ?? ""} me={me} /> : <Empty title={words.title}>{words.onlyOperators}</Empty>}</div>
      </div>
    </ProofProvider>
  );
}

function Section({ name, me }: { name: string; me: MeView }) {
  switch (name) {
    case "applications":
      return <OperateApplications />;
    case "rules":
      return <OperateRules />;
    case "mail":
      return <OperateMail />;
    case "activity":
      return <OperateActivity />;
    case "limits":
      return <OperateLimits />;
    default:
      return <OperatePeople me={me} />;
  }
}
