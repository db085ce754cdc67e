import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay, Popover, type PopoverProps } from "react-aria-components";
import { app } from "../words";
import { IconButton } from "./Button";
import "./dialog.css";

interface Props {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Needs a decision: a click beside it doesn't close it. */
  firm?: boolean;
}

export function Dialog({ title, open, onClose, children, firm }: Props) {
  return (
    <ModalOverlay className="veil" isOpen={open} onOpenChange={(now) => now || onClose()} isDismissable={!firm}>
      <Modal className="sheet">
        <AriaDialog className="sheet-body" role={firm ? "alertdialog" : "dialog"}>
          <header className="sheet-head">
            <Heading slot="title" className="sheet-title serif">
              {title}
            </Heading>
            <IconButton icon={X} label={app.close} onPress={onClose} hint={false} />
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** A small sheet beside what opened it; stands inside a DialogTrigger. */
export function Bubble({ label, children, ...rest }: { label: string; children: ReactNode | ((render: { close: () => void }) => ReactNode) } & Pick<PopoverProps, "placement">) {
  return (
    <Popover className="bubble" offset={8} {...rest}>
      <AriaDialog aria-label={label} className="bubble-body">
        {children}
      </AriaDialog>
    </Popover>
  );
}
