/** The edge between two panes: dragged, or moved with the arrow keys. */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { changeSettings } from "../state/settings";
import "./layout.css";

interface Props {
  label: string;
  name: "list" | "panel";
  limits: { min: number; max: number };
  /** The width now, or none while it is the usual one. */
  value: number | null;
}

const step = 16;

export function Resizer({ label, name, limits, value }: Props) {
  const edge = useRef<HTMLDivElement>(null);
  const change = (width: number) => changeSettings({ [name]: Math.min(limits.max, Math.max(limits.min, Math.round(width))) });
  const width = () => edge.current?.parentElement?.getBoundingClientRect().width ?? limits.min;
  /** Which way the pointer goes to make the pane wider. */
  const outward = () => ((name === "list") === (getComputedStyle(document.documentElement).direction === "ltr") ? 1 : -1);

  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const from = { x: event.clientX, width: width(), way: outward() };
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const move = (moved: Event) => change(from.width + ((moved as globalThis.PointerEvent).clientX - from.x) * from.way);
    const end = () => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    change(width() + (event.key === "ArrowRight" ? step : -step) * outward());
  };
  return (
    // A focusable separator is a widget: its arrow keys move it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={edge}
      className={`resizer resizer-${name}`}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuemin={limits.min}
      aria-valuemax={limits.max}
      aria-valuenow={value ?? Math.round((limits.min + limits.max) / 2)}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      onDoubleClick={() => changeSettings({ [name]: null })}
    />
  );
}
