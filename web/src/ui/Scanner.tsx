/** Reads a QR code: by the camera, or pasted as text. */
import { Camera, CameraOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { trust as words } from "../words";
import { Button } from "./Button";
import { Field } from "./Field";
import { Note } from "./Note";
import "./scanner.css";

const pause_ms = 180;

type Reader = (video: HTMLVideoElement) => Promise<string | null>;

interface Props {
  /** What a code says; called once for each reading. */
  onRead: (text: string) => void;
  /** Only texts that look right are taken from the camera. */
  accepts: (text: string) => boolean;
  busy: boolean;
  error: string | null;
}

export function Scanner({ onRead, accepts, busy, error }: Props) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  return (
    <div className="scanner">
      {open && (
        <Viewfinder
          accepts={accepts}
          onRead={(found) => {
            setOpen(false);
            onRead(found);
          }}
        />
      )}
      <Button icon={open ? CameraOff : Camera} onPress={() => setOpen(!open)}>
        {open ? words.cameraClose : words.cameraOpen}
      </Button>
      <form
        className="scanner-paste"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "") onRead(text.trim());
        }}
      >
        <Field label={words.pasteLabel} value={text} onChange={setText} error={error} mono autoComplete="off" spellCheck="false" />
        <Button type="submit" isDisabled={text.trim() === ""} isPending={busy}>
          {words.pasteSubmit}
        </Button>
      </form>
    </div>
  );
}

function Viewfinder({ accepts, onRead }: Pick<Props, "accepts" | "onRead">) {
  const video = useRef<HTMLVideoElement>(null);
  const [refused, setRefused] = useState(false);
  const latest = useRef({ accepts, onRead });
  useEffect(() => {
    latest.current = { accepts, onRead };
  });
  useEffect(() => {
    let over = false;
    let stream: MediaStream | null = null;
    const watch = async () => {
      const shown = video.current;
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      if (over || shown === null) return;
      shown.srcObject = stream;
      await shown.play();
      const read = await reader();
      // oxlint-disable-next-line no-unmodified-loop-condition -- the effect's end sets it
      while (!over) {
        const found = await read(shown).catch(() => null);
        if (over) return;
        if (found !== null && latest.current.accepts(found)) {
          latest.current.onRead(found);
          return;
        }
        await new Promise((resolve) => {
          setTimeout(resolve, pause_ms);
        });
      }
    };
    void watch()
      .catch(() => over || setRefused(true))
      .finally(() => over && stop(stream));
    return () => {
      over = true;
      stop(stream);
    };
  }, []);
  if (refused) return <Note kind="amber">{words.cameraRefused}</Note>;
  return (
    <div className="scanner-view">
      <video ref={video} muted playsInline aria-label={words.cameraLabel} />
      <p>{words.cameraLead}</p>
    </div>
  );
}

function stop(stream: MediaStream | null) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

interface NativeDetector {
  detect: (source: HTMLVideoElement) => Promise<Array<{ rawValue: string }>>;
}

/** The browser's own reader where there is one, else the library's. */
async function reader(): Promise<Reader> {
  const native = (globalThis as { BarcodeDetector?: { new (options: { formats: string[] }): NativeDetector; getSupportedFormats?: () => Promise<string[]> } }).BarcodeDetector;
  if (native !== undefined && ((await native.getSupportedFormats?.()) ?? []).includes("qr_code")) {
    const detector = new native({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const { default: decodeQR } = await import("qr/decode.js");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const { videoWidth: width, videoHeight: height } = video;
    if (context === null || width === 0 || height === 0) return null;
    canvas.width = width;
    canvas.height = height;
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    try {
      return decodeQR({ width, height, data });
    } catch {
      // No code in this picture.
      return null;
    }
  };
}
