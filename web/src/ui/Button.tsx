import type { LucideIcon } from "lucide-react";
import type { ReactNode, Ref } from "react";
import { Button as AriaButton, type ButtonProps as AriaProps, Link, type LinkProps, Tooltip, TooltipTrigger } from "react-aria-components";
import "./button.css";

export type Look = "primary" | "plain" | "quiet" | "danger" | "danger-quiet";

interface Props extends Omit<AriaProps, "className" | "children" | "style"> {
  look?: Look;
  icon?: LucideIcon;
  wide?: boolean;
  small?: boolean;
  children: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", icon: Icon, wide, small, children, ...rest }: Props) {
  return (
    <AriaButton {...rest} className={`button button-${look}${wide ? " button-wide" : ""}${small ? " button-small" : ""}`}>
      {Icon && <Icon size={small ? 16 : 18} strokeWidth={1.75} aria-hidden />}
      <span>{children}</span>
    </AriaButton>
  );
}

interface IconProps extends Omit<AriaProps, "className" | "children" | "style" | "aria-label"> {
  icon: LucideIcon;
  label: string;
  size?: 16 | 20;
  pressed?: boolean;
  look?: "quiet" | "primary";
  /** Without the hint that appears on hover, where the label stands beside the icon anyway. */
  hint?: false;
  /** Something waits behind it; its label says so too. */
  dot?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** A button that is only an icon: it has a name, and shows it on hover and focus. */
export function IconButton({ icon: Icon, label, size = 20, pressed, look = "quiet", hint, dot, ...rest }: IconProps) {
  const button = (
    <AriaButton {...rest} aria-label={label} {...(pressed === undefined ? {} : { "aria-pressed": pressed })} className={`icon-button icon-button-${look}${dot === true ? " icon-button-dot" : ""}`}>
      <Icon size={size} strokeWidth={1.75} aria-hidden />
    </AriaButton>
  );
  return hint === false ? button : <Hinted hint={label}>{button}</Hinted>;
}

export function Hinted({ hint, placement, children }: { hint: string; placement?: "top" | "right" | "end" | "bottom"; children: ReactNode }) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <Tooltip className="hint" offset={6} placement={placement ?? "top"}>
        {hint}
      </Tooltip>
    </TooltipTrigger>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ look = "plain", children, ...rest }: Omit<LinkProps, "className" | "style" | "children"> & { look?: Look; children: ReactNode }) {
  return (
    <Link {...rest} className={`button button-${look}`}>
      <span>{children}</span>
    </Link>
  );
}
