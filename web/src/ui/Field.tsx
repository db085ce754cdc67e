import { Eye, EyeOff } from "lucide-react";
import { type ReactNode, type Ref, useState } from "react";
import { FieldError, Input, Label, Text, TextField, type TextFieldProps } from "react-aria-components";
import { account } from "../words";
import { IconButton } from "./Button";
import "./field.css";

interface Props extends Omit<TextFieldProps, "className" | "children" | "style"> {
  label: string;
  hint?: ReactNode;
  error?: string | null;
  placeholder?: string;
  mono?: boolean;
  inputRef?: Ref<HTMLInputElement>;
}

export function Field({ label, hint, error, placeholder, mono, inputRef, ...rest }: Props) {
  return (
    <TextField {...rest} isInvalid={Boolean(error)} validationBehavior="aria" className="field">
      <Label className="field-label">{label}</Label>
      <Input ref={inputRef} className={mono ? "input input-mono" : "input"} placeholder={placeholder} dir={mono ? "ltr" : "auto"} autoCapitalize={mono ? "off" : undefined} />
      {hint !== undefined && (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      <FieldError className="field-error">{error}</FieldError>
    </TextField>
  );
}

/** A password that can be looked at. */
export function PasswordField({ label, hint, error, inputRef, ...rest }: Props) {
  const [shown, show] = useState(false);
  return (
    <TextField {...rest} type={shown ? "text" : "password"} isInvalid={Boolean(error)} validationBehavior="aria" className="field">
      <Label className="field-label">{label}</Label>
      <div className="input-with-button">
        <Input ref={inputRef} className="input" dir="ltr" spellCheck={false} autoCapitalize="off" />
        <IconButton icon={shown ? EyeOff : Eye} label={shown ? account.hidePassword : account.showPassword} size={16} onPress={() => show(!shown)} />
      </div>
      {hint !== undefined && (
        <Text slot="description" className="field-hint">
          {hint}
        </Text>
      )}
      <FieldError className="field-error">{error}</FieldError>
    </TextField>
  );
}
