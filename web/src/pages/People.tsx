/** Friends, who is blocked, and who may begin a conversation. */
import { useTask } from "../state/engine";
import { useRelations } from "../state/relation";
import { Avatar } from "../ui/Arch";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Empty, RefusalNote, Skeleton } from "../ui/Note";
import { app, contacts, people as words, relations } from "../words";
import type { Contact } from "../wire";
import { OwnPage } from "./Own";
import "../parts/govern.css";

const choices = (["guilds", "requests", "friends", "nobody"] as const).map((value) => ({ value, label: contacts[value] }));

export function People() {
  const { kept, refusal, relate, setContact } = useRelations();
  const choose = useTask((who: Contact) => setContact(who));
  const forget = useTask((user: string) => relate(user, "none"));
  return (
    <OwnPage title={words.title}>
      {kept === undefined ? (
        refusal === null ? (
          <Skeleton lines={5} label={app.loading} />
        ) : (
          <RefusalNote refusal={refusal} />
        )
      ) : (
        <>
          <Choice label={words.contact} value={kept.contact} options={choices} onChange={(who) => void choose.run(who)} />
          <p className="quiet">{words.contactHint}</p>
          <RefusalNote refusal={choose.refusal ?? forget.refusal} />
          {kept.relations.length === 0 ? (
            <Empty title={words.listed} level="h2">
              {words.none}
            </Empty>
          ) : (
            <ul className="govern-list" aria-label={words.listed}>
              {kept.relations.map((one) => (
                <li key={one.user} className="govern-item">
                  <Avatar id={one.user} name={one.display_name} size="small" />
                  <span className="govern-text">
                    <strong>
                      <bdi>{one.display_name}</bdi>
                    </strong>
                    <span className="quiet" dir="auto">
                      {`@${one.username} · ${relations[one.relation]}`}
                    </span>
                  </span>
                  <Button small onPress={() => void forget.run(one.user)} aria-label={words.forgetNamed(one.display_name)}>
                    {one.relation === "blocked" ? words.unblock : words.forget}
                  </Button>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </OwnPage>
  );
}
