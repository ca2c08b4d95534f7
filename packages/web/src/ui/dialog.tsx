import { type ReactNode, useEffect, useId, useRef } from 'react';
import { words } from '../words/words.js';
import { Icon } from './icon.js';

interface DialogProps {
  readonly title: string;
  readonly className?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A modal dialog. Escape closes it. Gives the focus to the element with `data-focus`, or else to the first input that is no choice. */
export function Dialog({ title, className, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
    (
      dialog.current?.querySelector<HTMLElement>('[data-focus=true]') ??
      dialog.current?.querySelector<HTMLElement>('input:not([type=radio])')
    )?.focus();
  }, []);
  return (
    <dialog ref={dialog} className={className} aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <button
          type="button"
          className="icon-button"
          aria-label={words().common.close}
          onClick={() => dialog.current?.close()}
        >
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
