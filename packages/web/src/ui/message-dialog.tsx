import type { SaidLine } from '../state/lines.js';
import type { Names } from '../state/names.js';
import { words } from '../words/words.js';
import { DialogOnDemand } from './dialog-on-demand.js';

interface MessageDialogProps {
  readonly open: 'emoji' | 'readers';
  readonly line: SaidLine;
  readonly names: Names;
  readonly onReact: (emoji: string) => void;
  readonly onClose: () => void;
}

/** The dialog that the toolbar of a message has opened. */
export function MessageDialog({ open, line, names, onReact, onClose }: MessageDialogProps) {
  const { reactAction, readers } = words().conversation;
  return (
    <DialogOnDemand
      title={open === 'emoji' ? reactAction : readers}
      onClose={onClose}
      show={({ EmojiDialog, ReadersDialog }) =>
        open === 'emoji' ? (
          <EmojiDialog title={reactAction} onPick={onReact} onClose={onClose} />
        ) : (
          <ReadersDialog seq={line.seq} names={names} onClose={onClose} />
        )
      }
    />
  );
}
