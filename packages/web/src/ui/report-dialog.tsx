import { type FormEvent, useState } from 'react';
import { mostCharacters, textLength } from '../state/limits.js';
import type { SaidLine } from '../state/lines.js';
import { plainStart } from '../state/markdown.js';
import { textOrFiles } from '../state/message-words.js';
import { type Names, nameOf } from '../state/names.js';
import { words } from '../words/words.js';
import { CountedField } from './counted-field.js';
import { Dialog } from './dialog.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { useAction } from './use-action.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

interface ReportDialogProps {
  readonly line: SaidLine;
  readonly names: Names;
  readonly onClose: () => void;
}

/** Reports a message to the operators, who get a copy of it. */
export function ReportDialog({ line, names, onClose }: ReportDialogProps) {
  const { account } = useWorkspace();
  const { channelId } = useOpenConversation();
  const [reason, setReason] = useState('');
  const [isSent, setIsSent] = useState(false);
  const { busy, refused, run } = useAction(async () => {
    await account.report(channelId, line.seq, reason.trim());
    setIsSent(true);
  });
  const say = words().conversation;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  if (isSent) {
    return (
      <Dialog title={say.reportTitle} onClose={onClose}>
        <p role="status">{say.reported}</p>
        <button type="button" className="primary" onClick={onClose}>
          {words().common.close}
        </button>
      </Dialog>
    );
  }
  return (
    <Dialog title={say.reportTitle} onClose={onClose}>
      <form onSubmit={submit}>
        <blockquote className="quote">
          <Name of={`${nameOf(names, line.sender)}:`} title={line.sender} />{' '}
          <Name of={plainStart(textOrFiles(line) ?? say.notText, 140)} />
        </blockquote>
        <CountedField
          label={say.reportReason}
          name="reason"
          value={reason}
          most={mostCharacters.report}
          hint={say.reportHint}
          isLong
          onText={setReason}
        />
        <RefusalLine refused={refused} />
        <button type="submit" className="primary" disabled={busy || textLength(reason, mostCharacters.report).over > 0}>
          {say.sendReport}
        </button>
      </form>
    </Dialog>
  );
}
