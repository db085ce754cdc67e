/** Pages about oneself: the account, how things look, the recovery key. */
import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useLocation } from "wouter";
import { useAccountEntries } from "../parts/AccountFoot";
import { BackupCard } from "../parts/BackupCard";
import { RecoveryChange } from "../parts/RecoveryChange";
import { RecoveryCard } from "../parts/RecoveryCard";
import { WaysCard } from "../parts/WaysCard";
import { path } from "../paths";
import { useView } from "../state/engine";
import { narrow, useMedia, useTitle } from "../state/page";
import { changeSettings, textSize, useSettings } from "../state/settings";
import { Avatar } from "../ui/Arch";
import { IconButton } from "../ui/Button";
import { Choice, Range } from "../ui/Choice";
import { Markdown } from "../ui/Markdown";
import { account, app, appearance, recovery, you } from "../words";
import type { MeView } from "../wire";
import "../parts/message.css";
import "./page.css";

export function OwnPage({ title, children, top }: { title: string; children: ReactNode; top?: boolean }) {
  const [, go] = useLocation();
  const small = useMedia(narrow);
  useTitle(app.title(title, 0));
  return (
    <>
      <header className="talk-head">
        {small && !top && <IconButton icon={ArrowLeft} label={app.back} onPress={() => go(path.you())} />}
        <h1 className="own-title serif">{title}</h1>
      </header>
      <div className="own">
        <div className="own-page">{children}</div>
      </div>
    </>
  );
}

export function You({ me, instance }: { me: MeView; instance: string }) {
  const entries = useAccountEntries();
  return (
    <OwnPage title={you.title} top>
      <div className="you-head">
        <Avatar id={me.user} name={me.display_name} size="large" />
        <div>
          <strong dir="auto">{me.display_name}</strong>
          <span className="quiet">{you.lead(me.username, instance)}</span>
          {me.operator && <p className="quiet">{account.operator}</p>}
        </div>
      </div>
      <ul className="you-list">
        {entries
          .filter((entry) => entry !== "rule")
          .map((entry) => (
            <li key={entry.label}>
              <AriaButton className={entry.danger ? "you-entry you-danger" : "you-entry"} onPress={entry.onAction}>
                <entry.icon size={20} strokeWidth={1.75} aria-hidden />
                {entry.label}
              </AriaButton>
            </li>
          ))}
      </ul>
    </OwnPage>
  );
}

export function Appearance() {
  const now = useSettings();
  return (
    <OwnPage title={appearance.title}>
      <Choice
        label={appearance.theme}
        value={now.theme}
        onChange={(theme) => changeSettings({ theme })}
        options={[
          { value: "system", label: appearance.system },
          { value: "light", label: appearance.light },
          { value: "dark", label: appearance.dark },
        ]}
      />
      <Range label={appearance.text} value={now.text} min={textSize.min} max={textSize.max} say={appearance.textValue} onChange={(text) => changeSettings({ text })} />
      <Choice
        label={appearance.density}
        value={now.density}
        onChange={(density) => changeSettings({ density })}
        options={[
          { value: "comfortable", label: appearance.comfortable },
          { value: "compact", label: appearance.compact },
        ]}
      />
      <Choice
        label={appearance.width}
        value={now.width}
        onChange={(width) => changeSettings({ width })}
        options={[
          { value: "reading", label: appearance.reading },
          { value: "full", label: appearance.full },
        ]}
      />
      <figure className="own-example" aria-label={appearance.example}>
        <div className="line line-first">
          <span className="line-side">
            <Avatar id="example" name={appearance.exampleAuthor} />
          </span>
          <div className="line-head">
            <span className="line-author">{appearance.exampleAuthor}</span>
          </div>
          <div className="line-body">
            <Markdown body={appearance.exampleBody} />
          </div>
        </div>
      </figure>
    </OwnPage>
  );
}

export function RecoveryPage({ me }: { me: MeView }) {
  const view = useView({ ask: "recovery" });
  return (
    <OwnPage title={recovery.entry}>
      {view === undefined ? null : view.key === null ? (
        <section className="recovery">
          <h2 className="recovery-title serif">{recovery.keptTitle}</h2>
          <p className="recovery-lead">{recovery.keptNote}</p>
        </section>
      ) : (
        <RecoveryCard recoveryKey={view.key} me={me} offered={false} />
      )}
      {view !== undefined && <RecoveryChange change={view.change} here={view.key !== null} />}
      <WaysCard me={me} />
      <BackupCard />
    </OwnPage>
  );
}
