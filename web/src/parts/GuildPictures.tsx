/** Choosing the pictures of a server: cut, made small and stripped of everything else here. */
import { ImagePlus, Trash2 } from "lucide-react";
import { useRef } from "react";
import { Refused } from "../engine/contract";
import { useTask } from "../state/engine";
import { useAct } from "../state/govern";
import { encoded, type Frame } from "../state/picture";
import { Button } from "../ui/Button";
import { RefusalNote } from "../ui/Note";
import { overview as words } from "../words";
import type { GuildView, PictureUse } from "../wire";
import { Banner, GuildIcon } from "./GuildPicture";

type Large = Exclude<PictureUse, "emoji">;

const frames: Record<Large, Frame> = {
  icon: { width: 256, height: 256, bytes: 64 * 1024 },
  banner: { width: 960, height: 384, bytes: 160 * 1024 },
};

export function GuildPictures({ view }: { view: GuildView }) {
  return (
    <section className="own-section">
      <h2>{words.pictures}</h2>
      <div className="picture-rows">
        <Row of="icon" title={words.icon} hint={words.iconHint} guild={view.id} has={view.icon !== null}>
          <GuildIcon id={view.id} name={view.name} icon={view.icon} size="large" />
        </Row>
        <Row of="banner" title={words.banner} hint={words.bannerHint} guild={view.id} has={view.banner !== null}>
          {view.banner !== null && (
            <span className="picture-banner">
              <Banner banner={view.banner} />
            </span>
          )}
        </Row>
      </div>
      <p className="field-hint">{words.picturesSeen}</p>
    </section>
  );
}

function Row({ of, title, hint, guild, has, children }: { of: Large; title: string; hint: string; guild: string; has: boolean; children: React.ReactNode }) {
  const act = useAct(guild);
  const input = useRef<HTMLInputElement>(null);
  const put = useTask(async (file: File | null) => {
    const picture = file === null ? null : await encoded(file, frames[of]);
    if (file !== null && picture === null) throw new Refused({ code: "INVALID", message: words.noPicture, retry_after_ms: null });
    await act({ act: "set_picture", of, picture });
  });
  return (
    <div className="picture-row">
      {children}
      <div className="picture-text">
        <strong>{title}</strong>
        <span className="quiet">{hint}</span>
        <div className="govern-buttons">
          <input
            ref={input}
            type="file"
            accept="image/png,image/jpeg,image/webp"
            hidden
            aria-label={title}
            onChange={(event) => {
              const file = event.target.files?.[0];
              event.target.value = "";
              if (file !== undefined) void put.run(file);
            }}
          />
          <Button small icon={ImagePlus} onPress={() => input.current?.click()} isPending={put.busy} aria-label={words.choosePicture(title)}>
            {words.choose}
          </Button>
          {has && (
            <Button small look="danger-quiet" icon={Trash2} onPress={() => void put.run(null)} aria-label={words.removePicture(title)}>
              {words.remove}
            </Button>
          )}
        </div>
        <RefusalNote refusal={put.refusal} />
      </div>
    </div>
  );
}
