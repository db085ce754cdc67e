/** An emoji that a server made itself, in a line of text. */
import { useView } from "../state/engine";
import "./emoji-picture.css";

/** The picture of an emoji; its name between two colons until it is here. */
export function EmojiPicture({ picture, name }: { picture: string | null; name: string }) {
  return picture === null ? <>{name}</> : <Painted picture={picture} name={name} />;
}

function Painted({ picture, name }: { picture: string; name: string }) {
  const url = useView({ ask: "picture", picture })?.url;
  return url ? <img className="own-emoji" src={url} alt={name} title={name} draggable={false} /> : <>{name}</>;
}
