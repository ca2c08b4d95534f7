import type { SaidLine } from '../state/lines.js';
import type { Names } from '../state/names.js';
import { words } from '../words/words.js';
import { DialogOnDemand } from './dialog-on-demand.js';

interface MessageDialogProps {
  readonly open: 'emoji' | 'readers' | 'report';
  readonly line: SaidLine;
  readonly names: Names;
  readonly onReact: (emoji: string) => void;
  readonly onClose: () => void;
}

/** The dialog that the toolbar of a message has opened. */
export function MessageDialog({ open, line, names, onReact, onClose }: MessageDialogProps) {
  const { reactAction, readers, reportTitle } = words().conversation;
  const titles = { emoji: reactAction, readers, report: reportTitle };
  return (
    <DialogOnDemand
      title={titles[open]}
      onClose={onClose}
      show={({ EmojiDialog, ReadersDialog, ReportDialog }) => {
        if (open === 'emoji') return <EmojiDialog title={reactAction} onPick={onReact} onClose={onClose} />;
        if (open === 'report') return <ReportDialog line={line} names={names} onClose={onClose} />;
        return <ReadersDialog seq={line.seq} names={names} onClose={onClose} />;
      }}
    />
  );
}
