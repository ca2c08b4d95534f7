import { type ReactNode, useEffect, useState } from 'react';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useLoaded } from './use-loaded.js';

type Dialogs = typeof import('./on-demand.js');

/** The dialogs, once they are loaded. */
let dialogs: Dialogs | undefined;

async function loadDialogs(): Promise<Dialogs> {
  dialogs = await import('./on-demand.js');
  return dialogs;
}

interface DialogOnDemandProps {
  /** The title of the dialog that says that the wanted one could not be loaded. */
  readonly title: string;
  readonly onClose: () => void;
  readonly show: (dialogs: Dialogs) => ReactNode;
}

/** Shows a dialog that is loaded when the user first opens one, or says why it could not be loaded. */
export function DialogOnDemand({ title, onClose, show }: DialogOnDemandProps) {
  const { value = dialogs, refused, reload } = useLoaded(loadDialogs);
  useFocusReturn();
  if (value !== undefined) return show(value);
  if (refused !== undefined) return <NotLoaded title={title} onAgain={reload} onClose={onClose} />;
  return (
    <p className="opening hint" role="status">
      {words().common.loading}
    </p>
  );
}

/** Gives the focus back to the element that had it, if the dialog closes and nothing else takes it. */
function useFocusReturn(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus();
    },
    [opener],
  );
}

function NotLoaded({ title, onAgain, onClose }: Omit<DialogOnDemandProps, 'show'> & { onAgain: () => void }) {
  const { common } = words();
  return (
    <Dialog title={title} onClose={onClose}>
      <p role="alert">{common.partFailed}</p>
      <div className="choices">
        <button type="button" className="primary" onClick={onAgain}>
          {common.tryAgain}
        </button>
        <button type="button" className="quiet" onClick={() => location.reload()}>
          {words().notices.reload}
        </button>
      </div>
    </Dialog>
  );
}
