import type { DatedReceipt } from '@parley/client';
import { useEffect, useState } from 'react';
import { givenName, type Names } from '../state/names.js';
import { briefTime, fullTime } from '../state/times.js';
import { words } from '../words/words.js';
import { Avatar } from './avatar.js';
import { Dialog } from './dialog.js';
import { useNow } from './hooks.js';
import { PersonName } from './person-name.js';
import { RefusalLine } from './refusal-line.js';
import { useAction } from './use-action.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

interface ReadersDialogProps {
  /** Seq of the message. */
  readonly seq: number;
  readonly names: Names;
  readonly onClose: () => void;
}

/**
 * The members in three groups: those who have read a message, those who have only received it, and
 * the others.
 */
export function ReadersDialog({ seq, names, onClose }: ReadersDialogProps) {
  const { membership } = useWorkspace();
  const { channelId } = useOpenConversation();
  const [receipts, setReceipts] = useState<readonly DatedReceipt[]>();
  const { refused, run } = useAction(async (signal: AbortSignal) =>
    setReceipts(await membership.readers(channelId, seq, signal)),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the receipts are loaded once
  useEffect(() => {
    const closing = new AbortController();
    run(closing.signal);
    return () => closing.abort();
  }, []);
  const say = words().conversation;
  const all = receipts ?? [];
  const isRead = ({ readSeq }: DatedReceipt) => readSeq >= seq;
  const isDelivered = ({ deliveredSeq }: DatedReceipt) => deliveredSeq >= seq;
  return (
    <Dialog title={say.readers} onClose={onClose}>
      <Readers title={say.read} receipts={all.filter(isRead)} names={names} />
      <Readers title={say.delivered} receipts={all.filter((one) => isDelivered(one) && !isRead(one))} names={names} />
      <Readers title={say.notDelivered} receipts={all.filter((one) => !isDelivered(one))} names={names} />
      <p className="hint">{say.privateReaders}</p>
      <RefusalLine refused={refused} />
    </Dialog>
  );
}

/** When a receipt moved last. */
function ReceiptTime({ at }: { at: number }) {
  const now = useNow(true, 60_000);
  return (
    <time className="hint" dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {briefTime(at, now)}
    </time>
  );
}

interface ReadersProps {
  readonly title: string;
  readonly receipts: readonly DatedReceipt[];
  readonly names: Names;
}

function Readers({ title, receipts, names }: ReadersProps) {
  if (receipts.length === 0) return null;
  return (
    <>
      <h3>
        {title} ({receipts.length})
      </h3>
      <ul className="people-list readers-list">
        {receipts.map(({ userId, updatedAt }) => (
          <li key={userId}>
            <Avatar id={userId} name={givenName(names, userId)} small />
            <PersonName id={userId} name={givenName(names, userId)} />
            {updatedAt > 0 && <ReceiptTime at={updatedAt} />}
          </li>
        ))}
      </ul>
    </>
  );
}
