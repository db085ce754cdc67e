/** Pictures made small: drawn anew, so that nothing of the file but what is seen leaves the device. */

import { base64url } from "./base64";

export interface Frame {
  width: number;
  height: number;
  /** How many bytes it may have. */
  bytes: number;
}

const formats: Array<[string, number]> = [
  ["image/webp", 0.9],
  ["image/webp", 0.75],
  ["image/jpeg", 0.85],
  ["image/jpeg", 0.6],
];

/** The middle of the picture in this frame, as base64url; null if the file is none. */
export async function encoded(file: Blob, frame: Frame): Promise<string | null> {
  const picture = await createImageBitmap(file).catch(() => null);
  if (picture === null) return null;
  const scale = Math.max(frame.width / picture.width, frame.height / picture.height);
  const canvas = new OffscreenCanvas(frame.width, frame.height);
  const pen = canvas.getContext("2d");
  if (pen === null) return null;
  pen.imageSmoothingQuality = "high";
  const [width, height] = [picture.width * scale, picture.height * scale];
  pen.drawImage(picture, (frame.width - width) / 2, (frame.height - height) / 2, width, height);
  picture.close();
  for (const [type, quality] of formats) {
    // oxlint-disable-next-line no-await-in-loop -- the next is tried only if this one is too large
    const blob = await canvas.convertToBlob({ type, quality });
    // oxlint-disable-next-line no-await-in-loop -- see above
    if (blob.size <= frame.bytes) return base64url(new Uint8Array(await blob.arrayBuffer()));
  }
  return null;
}
