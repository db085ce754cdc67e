import { ChevronDown } from "lucide-react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select as AriaSelect, SelectValue } from "react-aria-components";
import "./dialog.css";
import "./field.css";

interface Props<T extends string> {
  label: string;
  value: T | null;
  options: ReadonlyArray<{ value: T; label: string }>;
  onChange: (value: T) => void;
  placeholder?: string;
}

/** One of many, in a list that opens. */
export function Select<T extends string>({ label, value, options, onChange, placeholder }: Props<T>) {
  const choose = (key: unknown) => {
    const option = options.find((one) => one.value === key);
    if (option !== undefined) onChange(option.value);
  };
  return (
    <AriaSelect className="field" selectedKey={value} onSelectionChange={choose} placeholder={placeholder ?? "…"}>
      <Label className="field-label">{label}</Label>
      <Button className="input select">
        <SelectValue className="select-value" />
        <ChevronDown size={16} strokeWidth={1.75} aria-hidden />
      </Button>
      <Popover className="menu" offset={4}>
        <ListBox className="menu-list">
          {options.map((option) => (
            <ListBoxItem key={option.value} id={option.value} textValue={option.label} className="menu-item">
              <span dir="auto">{option.label}</span>
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
