import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { AccountForm } from "../parts/AccountForm";
import { ApplyForm } from "../parts/ApplyForm";
import { Doorway } from "../parts/Doorway";
import { inviteOf, path, secretOf } from "../paths";
import { useGive, useTask } from "../state/engine";
import { useTitle } from "../state/page";
import { GuildArch } from "../ui/Arch";
import { Button, ButtonLink } from "../ui/Button";
import { Markdown } from "../ui/Markdown";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { app, invite as words, refusalSentence, wholeDate, rules } from "../words";
import { signInFirst } from "./SignIn";
import type { InstanceView, InvitePreview, MeView } from "../wire";

/** Who invites to what; then an account, or for somebody signed in one button. */
export function Invite({ code, me }: { code: string; me: MeView | null }) {
  const [seed] = useState(() => secretOf(location.hash));
  const [instance, setInstance] = useState<InstanceView | null>(null);
  const give = useGive();
  const link = inviteOf(code, seed);
  const look = useTask(async () => {
    const reply = await give({ do: "preview", invite: link });
    if (reply.outcome === "instance") setInstance(reply);
  });
  const { run } = look;
  useEffect(() => void run(), [run]);
  const preview = instance?.invite ?? null;
  const title = preview?.guild_name ? words.pageTitle(preview.guild_name) : words.toInstance(instance?.name ?? app.name);
  useTitle(app.title(title, 0));

  if (look.refusal !== null || (instance !== null && preview === null)) {
    return (
      <Doorway title={words.gone} lead={refusalSentence(look.refusal ?? { code: "INVITE_INVALID", message: "" })}>
        {look.refusal?.code === "OFFLINE" && (
          <Button look="primary" wide onPress={() => void look.run()}>
            {words.checking}
          </Button>
        )}
        <ButtonLink href={me ? path.home() : path.signIn()}>{me ? app.toStart : words.haveAccount}</ButtonLink>
      </Doorway>
    );
  }
  if (preview === null) {
    return (
      <Doorway title={words.checking}>
        <Skeleton lines={4} label={words.checking} />
      </Doorway>
    );
  }
  return (
    <Doorway
      title={title}
      lead={preview.inviter_name === null ? words.invitedPlain : words.invitedBy(preview.inviter_name)}
      picture={preview.guild_name === null || preview.guild === null ? undefined : <GuildArch id={preview.guild} name={preview.guild_name} src={preview.icon} size="large" />}
      foot={me === null ? <SignInInstead /> : undefined}
    >
      <Facts preview={preview} />
      {me === null ? <NewAccount link={link} preview={preview} /> : preview.questions.length > 0 ? <ApplyForm link={link} preview={preview} /> : <Join link={link} preview={preview} me={me} />}
    </Doorway>
  );
}

function Facts({ preview }: { preview: InvitePreview }) {
  const facts = [
    preview.members === null ? null : words.members(preview.members),
    preview.expires_at === null ? null : words.expires(wholeDate(preview.expires_at)),
  ].filter((fact) => fact !== null);
  return (
    <>
      {facts.length > 0 && <p className="door-facts">{facts.join(" · ")}</p>}
      {preview.rules !== null && (
        <details className="door-rules">
          <summary>{rules.show}</summary>
          <div dir="auto">
            <Markdown body={preview.rules} mentions={[]} />
          </div>
        </details>
      )}
      {preview.guild !== null && (preview.seeded || preview.questions.length === 0) && <Note kind={preview.seeded ? "accent" : "amber"}>{preview.seeded ? words.seeded : words.bare}</Note>}
      {preview.membership === "temporary" && <Note kind="plain">{words.temporary}</Note>}
    </>
  );
}

function NewAccount({ link, preview }: { link: string; preview: InvitePreview }) {
  const [, go] = useLocation();
  return (
    <AccountForm
      setUpToken={null}
      invite={link}
      submitLabel={preview.guild === null || preview.questions.length > 0 ? words.submitInstance : words.submit}
      onMade={(guild) => preview.questions.length === 0 && go(guild === null ? path.home() : path.guild(guild), { replace: true })}
    />
  );
}

function Join({ link, preview, me }: { link: string; preview: InvitePreview; me: MeView }) {
  const give = useGive();
  const [, go] = useLocation();
  const join = useTask(async () => {
    const reply = await give({ do: "join_guild", invite: link });
    go(reply.outcome === "guild" ? path.guild(reply.guild) : path.home(), { replace: true });
  });
  const already = join.refusal?.code === "ALREADY_MEMBER" && preview.guild !== null;
  return (
    <div className="form">
      <RefusalNote refusal={join.refusal} />
      {already ? (
        <ButtonLink look="primary" href={path.guild(preview.guild ?? "")}>
          {app.toStart}
        </ButtonLink>
      ) : (
        <Button look="primary" wide onPress={() => void join.run()} isPending={join.busy} autoFocus>
          {words.joinAs(me.display_name)}
        </Button>
      )}
    </div>
  );
}

function SignInInstead() {
  return <Link href={signInFirst(`${location.pathname}${location.hash}`)}>{words.haveAccount}</Link>;
}
