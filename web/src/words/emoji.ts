/** Sentences of a server's own emoji. */
import { fill, plural } from "./plural";

export const ownEmoji = {
  title: "Emoji of this server",
  lead: "Members write them between two colons and react with them. Names and pictures aren't encrypted: the instance knows them, as it knows the server's icon. It doesn't see who uses which one where.",
  name: "Name",
  nameHint: "2 to 20 small letters, digits or low lines.",
  choose: "Choose a picture",
  chosen: "Choose another picture",
  preview: "The picture that you chose",
  add: "Add",
  none: "There are none yet. Choose a picture and give it a name.",
  count: (count: number) => plural(count, { one: "# of 100", other: "# of 100" }),
  rename: (name: string) => fill("Rename :{name}:", { name }),
  remove: (name: string) => fill("Delete :{name}:", { name }),
  renameTitle: (name: string) => fill("Rename :{name}:", { name }),
  removeTitle: (name: string) => fill("Delete :{name}:?", { name }),
  removeLead: "Where it was used its name is shown from now on.",
  noPicture: "This picture can't be used. Choose a PNG, a JPEG or a WebP.",
};
