/** What this browser tells its person of, and what it tells others. */
import { useState } from "react";
import { changeSettings, useSettings } from "../state/settings";
import { Choice } from "../ui/Choice";
import { notices as words, switchWords } from "../words";
import { Keywords } from "../parts/Keywords";
import { OwnPage } from "./Own";

export function Notifications() {
  const now = useSettings();
  const [blocked, setBlocked] = useState(() => now.desktop !== "off" && notAllowed());
  const choose = async (desktop: typeof now.desktop) => {
    if (desktop !== "off" && typeof Notification !== "undefined" && Notification.permission === "default") await Notification.requestPermission();
    const refused = desktop !== "off" && notAllowed();
    setBlocked(refused);
    changeSettings({ desktop: refused ? "off" : desktop });
  };
  return (
    <OwnPage title={words.title}>
      <Choice
        label={words.desktop}
        value={now.desktop}
        onChange={(desktop) => void choose(desktop)}
        options={[
          { value: "off", label: words.desktopOff },
          { value: "me", label: words.desktopForMe },
          { value: "all", label: words.desktopAll },
        ]}
      />
      {blocked && <p role="alert">{words.blocked}</p>}
      <Choice
        label={words.content}
        value={now.notice}
        onChange={(notice) => changeSettings({ notice })}
        options={[
          { value: "place", label: words.contentPlace },
          { value: "name", label: words.contentName },
          { value: "text", label: words.contentText },
        ]}
      />
      <Choice
        label={words.typing}
        value={now.typing ? "on" : "off"}
        onChange={(typing) => changeSettings({ typing: typing === "on" })}
        options={[
          { value: "on", label: switchWords.yes },
          { value: "off", label: switchWords.no },
        ]}
      />
      <Keywords />
    </OwnPage>
  );
}

const notAllowed = () => typeof Notification === "undefined" || Notification.permission !== "granted";
