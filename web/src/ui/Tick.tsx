/** Something that is so or not. */
import { Checkbox } from "react-aria-components";

export function Tick({ label, name, ...rest }: { label: string; name?: string; isSelected: boolean; isDisabled?: boolean; onChange: (now: boolean) => void }) {
  return (
    <Checkbox {...rest} aria-label={name} className="tick">
      <span className="tick-box" aria-hidden />
      {label !== "" && <span>{label}</span>}
    </Checkbox>
  );
}
