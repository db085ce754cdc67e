import { Fragment } from "react";
import { Dialog } from "../ui/Dialog";
import { help } from "../words";
import "./help.css";

/** Exactly the shortcuts that parts/Shortcuts, the composer and the timeline answer to. */
const shortcuts: ReadonlyArray<{ keys: string[][]; does: string }> = [
  { keys: [["Enter"]], does: help.send },
  { keys: [["Shift", "Enter"]], does: help.newLine },
  { keys: [["↑"]], does: help.editLast },
  { keys: [["Ctrl", "B"], ["Ctrl", "I"], ["Ctrl", "U"], ["Ctrl", "E"]], does: help.bold },
  { keys: [["Ctrl", "K"]], does: help.switcher },
  { keys: [["F6"], ["Shift", "F6"]], does: help.regions },
  { keys: [["Alt", "↑"], ["Alt", "↓"]], does: help.channels },
  { keys: [["↑"], ["↓"]], does: help.messages },
  { keys: [["Home"], ["End"]], does: help.ends },
  { keys: [["R"], ["E"], ["C"]], does: help.reply },
  { keys: [["T"]], does: help.thread },
  { keys: [["Delete"]], does: help.remove },
  { keys: [["Esc"]], does: help.read },
  { keys: [["Shift", "Esc"]], does: help.allRead },
  { keys: [["Ctrl", "F"]], does: help.searchHere },
  { keys: [["Ctrl", "Shift", "F"]], does: help.searchAll },
  { keys: [["Ctrl", "/"], ["?"]], does: help.sheet },
];

export function HelpSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={help.title} open onClose={onClose}>
      <p className="quiet">{help.lead}</p>
      <dl className="keys">
        {shortcuts.map(({ keys, does }) => (
          <div key={does} className="keys-row">
            <dt>
              {keys.map((combination) => (
                <span key={combination.join()} className="keys-one">
                  {combination.map((key) => (
                    <Fragment key={key}>
                      <kbd>{key}</kbd>
                    </Fragment>
                  ))}
                </span>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
