/** The pictures of a server, which the engine keeps by their names. */
import { useView } from "../state/engine";
import { GuildArch } from "../ui/Arch";

interface IconProps {
  id: string;
  name: string;
  icon: string | null;
  size?: "small" | "large";
}

export function GuildIcon({ icon, ...rest }: IconProps) {
  return icon === null ? <GuildArch {...rest} /> : <Painted icon={icon} {...rest} />;
}

function Painted({ icon, ...rest }: IconProps & { icon: string }) {
  const url = useView({ ask: "picture", picture: icon })?.url;
  return <GuildArch {...rest} src={url} />;
}

/** Wide, above the list of channels. */
export function Banner({ banner }: { banner: string }) {
  const url = useView({ ask: "picture", picture: banner })?.url;
  return url ? <img className="guild-banner" src={url} alt="" draggable={false} /> : null;
}
