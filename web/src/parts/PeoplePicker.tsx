/** People to choose from: a field to find them, and a list of those who fit. */
import { Check } from "lucide-react";
import { useState } from "react";
import { Checkbox, CheckboxGroup } from "react-aria-components";
import { Avatar } from "../ui/Arch";
import { Field } from "../ui/Field";
import { SealMark } from "../ui/Seal";
import { conversations as words, member as memberWords } from "../words";
import type { PersonView } from "../wire";
import "./picker.css";

export interface Choosable extends Omit<PersonView, "safety"> {
  /** What stands beside the name. */
  label?: string | null;
}

interface Props {
  label: string;
  people: Choosable[];
  picked: string[];
  onPick: (users: string[]) => void;
  autoFocus?: boolean;
}

/** More than so many are found by writing their name. */
const shownMost = 200;

export function PeoplePicker({ label, people, picked, onPick, autoFocus }: Props) {
  const [wanted, setWanted] = useState("");
  const text = wanted.trim().toLocaleLowerCase();
  const fits = (one: Choosable) => text === "" || one.display_name.toLocaleLowerCase().includes(text) || one.username.includes(text);
  const found = people.filter((one) => fits(one) || picked.includes(one.user));
  const shown = found.slice(0, shownMost);
  return (
    <div className="picker">
      <Field label={words.search} placeholder={words.searchPlaceholder} value={wanted} onChange={setWanted} autoFocus={autoFocus === true} autoComplete="off" />
      {shown.length === 0 ? (
        <p className="quiet">{people.length === 0 ? words.nobodyYet : words.nobody}</p>
      ) : (
        <CheckboxGroup aria-label={label} value={picked} onChange={onPick} className="picker-list">
          {shown.map((one) => (
            <Checkbox key={one.user} value={one.user} className="picker-person">
              <Avatar id={one.user} name={one.display_name} size="small" />
              <span className="picker-text">
                <span className="picker-name" dir="auto">
                  {one.display_name}
                </span>
                <span className="picker-user">@{one.username}</span>
              </span>
              {one.label && (
                <span className="member-label">
                  {one.label === memberWords.unvouched && <SealMark kind="attention" />}
                  {one.label}
                </span>
              )}
              <span className="picker-mark">
                <Check size={16} strokeWidth={2} aria-hidden />
              </span>
            </Checkbox>
          ))}
        </CheckboxGroup>
      )}
      {found.length > shown.length && <p className="quiet">{words.more(found.length - shown.length)}</p>}
    </div>
  );
}
