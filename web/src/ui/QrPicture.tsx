/** A QR code from rows of `0` and `1`: always dark on light, or readers don't see it. */
import "./qr-picture.css";

export function QrPicture({ rows, label }: { rows: string[]; label: string }) {
  const size = rows.length;
  const dots = rows.flatMap((row, y) => [...row].flatMap((dot, x) => (dot === "1" ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect className="qr-ground" width={size} height={size} />
      <path className="qr-dots" d={dots.join("")} />
    </svg>
  );
}
