/** Looking for what was said: the engine searches on this device, this panel asks and shows. */
import { Search as SearchIcon, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Button as AriaButton, Input, Label, SearchField } from "react-aria-components";
import { useLocation } from "wouter";
import { path } from "../paths";
import { useGive, useSteadyView, useTask } from "../state/engine";
import { narrow, useMedia, useNow } from "../state/page";
import { changeSearch, type OpenSearch, useSearch, withFilter } from "../state/search";
import { Avatar } from "../ui/Arch";
import { Button, IconButton } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Empty, Note, RefusalNote, Skeleton } from "../ui/Note";
import { ago, app, search as words, searchNote, wholeTime } from "../words";
import type { SearchResult, SearchView } from "../wire";
import "./search.css";

const page = 50;
/** Typing is not interrupted by an answer to every letter. */
const typing_ms = 120;
/** What the engine answers at once. */
const most = 500;

export function SearchPanel({ here, hereName }: { here: string | null; hereName: string }) {
  const now = useSearch();
  const close = () => changeSearch({ open: false });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  return (
    // Escape closes the panel from anywhere in it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside className="panel search" aria-label={words.title} data-region onKeyDown={onKeyDown}>
      <header className="panel-head">
        <h2>{words.title}</h2>
        <IconButton icon={X} label={words.close} onPress={close} />
      </header>
      <Asking now={now} here={here} hereName={hereName} />
      <Answer now={now} />
    </aside>
  );
}

function Asking({ now, here, hereName }: { now: OpenSearch; here: string | null; hereName: string }) {
  const field = useRef<HTMLInputElement>(null);
  const add = (filter: string) => {
    changeSearch({ text: withFilter(now.text, filter) });
    field.current?.focus();
  };
  return (
    <div className="search-ask">
      <SearchField className="search-field" value={now.text} onChange={(text) => changeSearch({ text })} onClear={() => changeSearch({ text: "" })}>
        <Label className="unseen">{words.label}</Label>
        <SearchIcon size={16} strokeWidth={1.75} aria-hidden />
        <Input ref={field} className="search-input" placeholder={words.placeholder} dir="auto" data-search-field autoFocus />
        {now.text !== "" && (
          <AriaButton className="icon-button icon-button-quiet" aria-label={words.clear}>
            <X size={16} strokeWidth={1.75} aria-hidden />
          </AriaButton>
        )}
      </SearchField>
      <div className="search-filters" role="group" aria-label={words.filters}>
        {words.filterNames.map((filter) => (
          <AriaButton key={filter} className="search-filter" onPress={() => add(filter)} aria-label={words.addFilter(filter)}>
            {filter}
          </AriaButton>
        ))}
      </div>
      <div className="search-how">
        {here !== null && (
          <Choice
            label={words.where}
            value={now.channel === here ? "here" : "all"}
            options={[
              { value: "here", label: hereName },
              { value: "all", label: words.everywhere },
            ]}
            onChange={(value) => changeSearch({ channel: value === "here" ? here : null })}
          />
        )}
        <Choice
          label={words.order}
          value={now.order}
          options={[
            { value: "newest", label: words.newest },
            { value: "relevance", label: words.relevance },
          ]}
          onChange={(order) => changeSearch({ order })}
        />
      </div>
    </div>
  );
}

/** What is typed, once the typing pauses. */
function useSettledText(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), typing_ms);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** What is added to universal time here, today. */
function eastOfGreenwich_minutes(): number {
  return -new Date().getTimezoneOffset();
}

function Answer({ now }: { now: OpenSearch }) {
  const text = useSettledText(now.text);
  const [limit, setLimit] = useState(page);
  const question = JSON.stringify([text, now.channel, now.order]);
  const [asked, setAsked] = useState(question);
  if (asked !== question) {
    setAsked(question);
    setLimit(page);
  }
  const [zone] = useState(eastOfGreenwich_minutes);
  const view = useSteadyView({ ask: "search", text, channel: now.channel, order: now.order, cursor: null, limit, zone_minutes: zone }, "search");
  if (view === undefined) return <Skeleton lines={5} label={app.loading} />;
  const more = view.next !== null && limit < most ? () => setLimit((shown) => Math.min(shown + page, most)) : null;
  return (
    <div className="search-scroll">
      <Standing view={view} channel={now.channel} />
      {view.notes.length > 0 && (
        <Note kind="amber">
          {view.notes.map((note) => (
            <p key={JSON.stringify(note)} dir="auto">
              {searchNote(note)}
            </p>
          ))}
        </Note>
      )}
      {view.empty ? (
        <Hints />
      ) : (
        <>
          <p className={view.total === 0 ? "unseen" : "search-count"} role="status">
            {words.found(view.total, view.more)}
          </p>
          {view.results.length === 0 ? (
            <Empty title={words.noneTitle} level="h2">
              {words.none}
            </Empty>
          ) : (
            <Results view={view} />
          )}
          {more !== null && (
            <Button wide onPress={more}>
              {words.more}
            </Button>
          )}
          {more === null && view.next !== null && <p className="search-count">{words.tooMany(most)}</p>}
        </>
      )}
    </div>
  );
}

function Results({ view }: { view: SearchView }) {
  const minute = useNow(60_000);
  const list = useRef<HTMLOListElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    const all = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowUp: all[at - 1], ArrowDown: all[at + 1], Home: all[0], End: all.at(-1) }[event.key];
    event.preventDefault();
    to?.focus();
  };
  return (
    // Arrow keys move between the results, as in any list.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <ol className="search-results" ref={list} aria-label={words.results} onKeyDown={onKeyDown}>
      {view.results.map((result) => (
        <li key={result.message}>
          <Result result={result} now={minute} />
        </li>
      ))}
    </ol>
  );
}

function Result({ result, now }: { result: SearchResult; now: number }) {
  const [, go] = useLocation();
  const small = useMedia(narrow);
  const place = result.guild_name === null ? words.withPerson(result.channel_name) : words.inChannel(result.channel_name, result.guild_name);
  const jump = () => {
    go(path.message(result.guild, result.channel, result.message));
    // With one pane the result would stay covered.
    if (small) changeSearch({ open: false });
  };
  const line = result.snippet.map((part) => part.text).join("");
  return (
    <AriaButton className="search-result" onPress={jump} aria-label={words.resultLabel(result.author_name, line, place, wholeTime(result.at))}>
      <span className="search-result-head">
        <Avatar id={result.author} name={result.author_name} size="small" />
        <span className="search-result-author">
          <bdi>{result.author_name}</bdi>
        </span>
        <time dateTime={new Date(result.at).toISOString()} title={wholeTime(result.at)}>
          {ago(result.at, now)}
        </time>
      </span>
      <span className="search-result-text" dir="auto">
        {result.cut_before && "…"}
        {result.snippet.map((part, index) =>
          // A snippet is shown whole or not at all: its parts have no other identity.
          // oxlint-disable-next-line react/no-array-index-key
          part.hit ? <mark key={index}>{part.text}</mark> : <span key={index}>{part.text}</span>,
        )}
        {result.cut_after && "…"}
      </span>
      <span className="search-result-place" dir="auto">
        {place}
      </span>
    </AriaButton>
  );
}

/** How much of what was said can be searched, and how to get the rest. */
function Standing({ view, channel }: { view: SearchView; channel: string | null }) {
  const give = useGive();
  const bring = useTask(async () => {
    await give({ do: "bring_older", channel });
  });
  const stop = useTask(async () => {
    await give({ do: "stop_bringing" });
  });
  const { index, older } = view;
  return (
    <>
      {index.all > 0 && (
        <Note kind="plain">
          <p>{words.indexing(index.done, index.all)}</p>
          <progress className="search-progress" value={index.done} max={index.all} aria-label={words.indexingLabel} />
        </Note>
      )}
      {older.bringing ? (
        <Note kind="plain">
          <p role="status">{words.bringing(older.brought, older.channels)}</p>
          <progress className="search-progress" aria-label={words.bringingLabel} />
          <Button small onPress={() => void stop.run()} isPending={stop.busy}>
            {words.stop}
          </Button>
        </Note>
      ) : (
        older.channels > 0 && (
          <Note kind="plain">
            <p>{words.older(older.channels, channel !== null)}</p>
            <Button small onPress={() => void bring.run()} isPending={bring.busy}>
              {words.bring}
            </Button>
          </Note>
        )
      )}
      <RefusalNote refusal={older.failed ?? bring.refusal ?? stop.refusal} />
    </>
  );
}

function Hints() {
  return (
    <div className="search-hints">
      <p>{words.lead}</p>
      <dl>
        {words.examples.map(([example, does]) => (
          <div key={example}>
            <dt>
              <code>{example}</code>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
