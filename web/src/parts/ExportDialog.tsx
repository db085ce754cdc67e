/** A conversation as a file. Made here, since only here it can be read. */
import { Download } from "lucide-react";
import { useRef, useState } from "react";
import { useAsk, useGive, useTask } from "../state/engine";
import { asHtml, asJson, collect, type Form } from "../state/export";
import { Button } from "../ui/Button";
import { Choice } from "../ui/Choice";
import { Dialog } from "../ui/Dialog";
import { RefusalNote } from "../ui/Note";
import { app, exporting as words } from "../words";

export function ExportDialog({ channel, place, onClose }: { channel: string; place: string; onClose: () => void }) {
  const ask = useAsk();
  const give = useGive();
  const [form, setForm] = useState<Form>("html");
  const [count, setCount] = useState(0);
  const stopped = useRef(false);
  const make = useTask(async () => {
    const messages = await collect(channel, ask, give, setCount, () => stopped.current);
    if (stopped.current) return;
    const text = form === "json" ? asJson(place, messages) : asHtml(place, messages, words.page);
    save(`${place.replaceAll(/[^\p{L}\p{N}-]+/gu, "-")}.${form}`, text, form === "json" ? "application/json" : "text/html");
    onClose();
  });
  const stop = () => {
    stopped.current = true;
    onClose();
  };
  return (
    <Dialog title={words.title(place)} open onClose={stop}>
      <p>{words.lead}</p>
      <Choice
        label={words.form}
        value={form}
        onChange={setForm}
        options={[
          { value: "html", label: words.html },
          { value: "json", label: words.json },
        ]}
      />
      <RefusalNote refusal={make.refusal} />
      {make.busy && <p role="status">{words.busy(count)}</p>}
      <div className="form-actions">
        <Button look="quiet" onPress={stop}>
          {app.cancel}
        </Button>
        <Button look="primary" icon={Download} onPress={() => void make.run()} isPending={make.busy}>
          {words.make}
        </Button>
      </div>
    </Dialog>
  );
}

function save(name: string, text: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
