import { Label, Radio, RadioGroup, Slider, SliderOutput, SliderThumb, SliderTrack } from "react-aria-components";
import "./field.css";

interface Props<T extends string> {
  label: string;
  value: T;
  options: ReadonlyArray<{ value: T; label: string }>;
  onChange: (value: T) => void;
}

/** One of a few, all visible. */
export function Choice<T extends string>({ label, value, options, onChange }: Props<T>) {
  const choose = (chosen: string) => {
    const option = options.find((one) => one.value === chosen);
    if (option !== undefined) onChange(option.value);
  };
  return (
    <RadioGroup className="choice" value={value} onChange={choose} orientation="horizontal">
      <Label className="field-label">{label}</Label>
      <div className="choice-options">
        {options.map((option) => (
          <Radio key={option.value} value={option.value} className="choice-option">
            {option.label}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}

export function Range(props: { label: string; value: number; min: number; max: number; say: (value: number) => string; onChange: (value: number) => void }) {
  return (
    <Slider className="slider" value={props.value} minValue={props.min} maxValue={props.max} step={1} onChange={(value) => props.onChange(value)}>
      <Label className="field-label">{props.label}</Label>
      <SliderOutput className="field-hint">{() => props.say(props.value)}</SliderOutput>
      <SliderTrack className="slider-track">
        <SliderThumb className="slider-thumb" />
      </SliderTrack>
    </Slider>
  );
}
