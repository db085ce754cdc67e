/** A QR code, drawn as one path: dark on light in every theme, since cameras expect it so. */
import { encodeQR } from "qr";
import { useMemo } from "react";
import "./qr.css";

export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => draw(text), [text]);
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={path} />
    </svg>
  );
}

function draw(text: string) {
  const rows = encodeQR(text, "raw", { ecc: "low", border: 2 });
  let path = "";
  rows.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  return { size: rows.length, path };
}
