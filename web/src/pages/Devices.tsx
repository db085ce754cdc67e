import { Laptop, ScanQrCode, Smartphone, SquareTerminal } from "lucide-react";
import { useState } from "react";
import { submit } from "../parts/GuildDialogs";
import { useGive, useTask, useView } from "../state/engine";
import { useNow } from "../state/page";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { Note, RefusalNote, Skeleton } from "../ui/Note";
import { Scanner } from "../ui/Scanner";
import { agoInSentence, app, devices as words, refusalSentence, trust, wholeDate } from "../words";
import type { DeviceView } from "../wire";
import { OwnPage } from "./Own";
import "../parts/trust.css";
import "./page.css";

const isDeviceCode = (text: string) => text.startsWith("CLOISTER:DEVICE:");

export function Devices() {
  const all = useView({ ask: "devices" })?.devices;
  const waiting = all?.filter((device) => device.state === "pending") ?? [];
  const others = all?.filter((device) => device.state !== "pending").toSorted((a, b) => Number(b.this_one) - Number(a.this_one)) ?? [];
  return (
    <OwnPage title={words.title}>
      <p className="own-lead">{words.lead}</p>
      {waiting.map((device) => (
        <WaitingDevice key={device.id} device={device} />
      ))}
      <section className="own-section" aria-label={words.others}>
        {all === undefined ? (
          <Skeleton lines={4} label={app.loading} />
        ) : (
          <ul className="you-list">
            {others.map((device) => (
              <Device key={device.id} device={device} names={new Map(all.map((one) => [one.id, one.name]))} />
            ))}
          </ul>
        )}
      </section>
      <Approve />
    </OwnPage>
  );
}

function WaitingDevice({ device }: { device: DeviceView }) {
  const give = useGive();
  const approve = useTask(async () => {
    await give({ do: "approve_device", code: device.code ?? "" });
  });
  const compare = useTask(async () => {
    await give({ do: "compare_device", device: device.id });
  });
  const refuse = useTask(async () => {
    await give({ do: "revoke_device", device: device.id, also: [] });
  });
  return (
    <section className="own-section approve" aria-label={words.waitingTitle}>
      <h2>{words.waitingTitle}</h2>
      <p className="quiet">{words.waitingDevice(device.platform)}</p>
      <output className="approve-code" dir="ltr">
        {device.code ?? "…"}
      </output>
      <p>{words.waitingLead}</p>
      <RefusalNote refusal={approve.refusal ?? compare.refusal ?? refuse.refusal} />
      <div className="approve-actions">
        <Button look="primary" onPress={() => void approve.run()} isPending={approve.busy} isDisabled={device.code === null}>
          {words.approve}
        </Button>
        <Button onPress={() => void compare.run()} isPending={compare.busy}>
          {trust.compareDevice}
        </Button>
        <Button look="danger-quiet" onPress={() => void refuse.run()} isPending={refuse.busy}>
          {words.refuse}
        </Button>
      </div>
    </section>
  );
}

/** For a device that is not in the list yet. */
function Approve() {
  const give = useGive();
  const [code, setCode] = useState("");
  const [done, setDone] = useState(false);
  const [scans, setScans] = useState(false);
  const approve = useTask(async (read: string) => {
    await give({ do: "approve_device", code: read.trim().toUpperCase() });
    setCode("");
    setDone(true);
  });
  return (
    <section className="own-section" aria-label={words.approveTitle}>
      <h2>{words.approveTitle}</h2>
      <p className="own-lead">{words.approveLead}</p>
      <form className="approve-form" onSubmit={submit(() => void approve.run(code))}>
        <Field
          label={words.code}
          value={code}
          onChange={(text) => {
            setCode(text);
            setDone(false);
            approve.clear();
          }}
          placeholder="XXXX-XXXX-XXXX-XXXX"
          error={approve.refusal === null ? null : refusalSentence(approve.refusal)}
          mono
          autoComplete="off"
          spellCheck="false"
        />
        <Button type="submit" isDisabled={code.trim() === ""} isPending={approve.busy}>
          {words.approveSubmit}
        </Button>
      </form>
      {scans ? (
        <Scanner
          accepts={isDeviceCode}
          onRead={(read) => {
            setScans(false);
            void approve.run(read);
          }}
          busy={approve.busy}
          error={null}
        />
      ) : (
        <Button icon={ScanQrCode} onPress={() => setScans(true)}>
          {trust.scanDevice}
        </Button>
      )}
      <div role="status">{done && <Note kind="accent">{words.approved}</Note>}</div>
    </section>
  );
}

function DeviceIcon({ device }: { device: DeviceView }) {
  const about = `${device.platform} ${device.name}`;
  if (/android|ios|iphone|phone/i.test(about)) return <Smartphone size={18} strokeWidth={1.75} />;
  return /cli|terminal|native/i.test(about) ? <SquareTerminal size={18} strokeWidth={1.75} /> : <Laptop size={18} strokeWidth={1.75} />;
}

function factsOf(device: DeviceView, names: Map<string, string>, now: number): string {
  const approver = device.approved_by === null ? undefined : names.get(device.approved_by);
  return [
    device.state === "revoked" ? words.removed : device.state === "cloned" ? words.stopped : null,
    device.this_one || device.last_seen_at === null ? null : words.lastSeen(agoInSentence(device.last_seen_at, now)),
    trust.firstSeen(wholeDate(device.created_at)),
    approver === undefined || device.approved_by === device.id ? null : words.approvedBy(approver),
  ]
    .filter((fact) => fact !== null)
    .join(" · ");
}

function Device({ device, names }: { device: DeviceView; names: Map<string, string> }) {
  const now = useNow(60_000);
  const [mode, setMode] = useState<"shown" | "renaming" | "removing">("shown");
  const back = () => setMode("shown");
  return (
    <li className="device">
      <span className="device-icon" aria-hidden>
        <DeviceIcon device={device} />
      </span>
      {mode === "renaming" ? (
        <Rename device={device} onDone={back} />
      ) : (
        <>
          <div className="device-text">
            <span className="device-name" dir="auto">
              {device.name}
              {device.this_one && <span className="device-this">{words.thisOne}</span>}
            </span>
            <span className="device-facts">{factsOf(device, names, now)}</span>
          </div>
          {(device.state === "active" || device.state === "cloned") && (
            <div className="device-actions">
              <Button look="quiet" small onPress={() => setMode("renaming")} aria-label={words.renameNamed(device.name)}>
                {words.rename}
              </Button>
              {!device.this_one && (
                <Button look="danger-quiet" small onPress={() => setMode("removing")} aria-label={words.revokeNamed(device.name)}>
                  {words.revoke}
                </Button>
              )}
            </div>
          )}
        </>
      )}
      {mode === "removing" && <Remove device={device} names={names} onDone={back} />}
    </li>
  );
}

function Rename({ device, onDone }: { device: DeviceView; onDone: () => void }) {
  const give = useGive();
  const [name, setName] = useState(device.name);
  const rename = useTask(async () => {
    await give({ do: "rename_device", device: device.id, name: name.trim() });
    onDone();
  });
  return (
    <form className="device-rename" onSubmit={submit(() => void rename.run())}>
      <Field label={words.nameField} value={name} onChange={setName} autoFocus maxLength={64} autoComplete="off" error={rename.refusal === null ? null : refusalSentence(rename.refusal)} />
      <Button type="submit" look="primary" isDisabled={name.trim() === ""} isPending={rename.busy}>
        {words.save}
      </Button>
      <Button look="quiet" onPress={onDone}>
        {app.cancel}
      </Button>
    </form>
  );
}

function Remove({ device, names, onDone }: { device: DeviceView; names: Map<string, string>; onDone: () => void }) {
  const give = useGive();
  const [also, setAlso] = useState<ReadonlySet<string>>(() => new Set(device.added));
  const remove = useTask(async () => {
    await give({ do: "revoke_device", device: device.id, also: [...also] });
    onDone();
  });
  return (
    <Dialog title={words.revokeTitle(device.name)} open onClose={onDone} firm>
      <p>{words.revokeLead}</p>
      {device.added.length > 0 && (
        <fieldset className="also-list">
          <legend>{trust.alsoLegend}</legend>
          <p className="quiet">{trust.alsoLead}</p>
          {device.added.map((id) => (
            <label key={id} dir="auto">
              <input
                type="checkbox"
                checked={also.has(id)}
                onChange={(event) => {
                  const next = new Set(also);
                  if (event.target.checked) next.add(id);
                  else next.delete(id);
                  setAlso(next);
                }}
              />
              {trust.alsoOne(names.get(id) ?? id)}
            </label>
          ))}
        </fieldset>
      )}
      <RefusalNote refusal={remove.refusal} />
      <div className="form-actions">
        <Button look="quiet" onPress={onDone} autoFocus>
          {app.cancel}
        </Button>
        <Button look="danger" onPress={() => void remove.run()} isPending={remove.busy}>
          {words.revoke}
        </Button>
      </div>
    </Dialog>
  );
}
