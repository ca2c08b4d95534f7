import type { Channel } from '@parley/client';
import type { ReactNode } from 'react';
import { kindWords, memberWords } from '../state/chat-words.js';
import { words } from '../words/words.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { useAction } from './use-action.js';

interface ChatPreviewProps {
  readonly channel: Channel;
  readonly action: string;
  readonly onAct: () => Promise<void>;
  /** Further facts that the user should know before the action. */
  readonly children: ReactNode;
}

/** A preview of a chat that the user cannot see yet, with a button to enter it. */
export function ChatPreview({ channel, action, onAct, children }: ChatPreviewProps) {
  const { busy, refused, run } = useAction(onAct);
  return (
    <section className="no-room">
      <h2>
        <Name of={channel.name} />
      </h2>
      <p>
        {kindWords(channel.kind)} · {memberWords(channel.memberCount)}
      </p>
      {channel.description !== '' && (
        <p>
          <Name of={channel.description} />
        </p>
      )}
      {children}
      <button type="button" className="primary" disabled={busy} onClick={() => run()}>
        {action}
      </button>
      <a className="quiet" href="#rooms">
        {words().common.allChats}
      </a>
      <RefusalLine refused={refused} />
    </section>
  );
}
