import { useEffect } from 'react';
import type { Peer } from '../state/chats.js';
import { plainLine } from '../state/text.js';
import { words } from '../words/words.js';
import { Icon } from './icon.js';
import { RefusalLine } from './refusal-line.js';
import { typedAhead } from './typed-ahead.js';
import { useAction } from './use-action.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/** Takes the place of the composer in a direct chat with a person whom the user has blocked. */
export function BlockedLine({ peer }: { peer: Peer }) {
  const { account } = useWorkspace();
  const { channelId } = useOpenConversation();
  useEffect(() => void typedAhead(channelId), [channelId]);
  const { busy, refused, run } = useAction(() => account.block(peer.id, false));
  const say = words().people;
  return (
    <div className="blocked-line">
      <Icon name="blocked" size={18} />
      <p role="status">{say.blockedHere(plainLine(peer.name || peer.id))}</p>
      <button type="button" className="quiet" disabled={busy} onClick={run}>
        {say.unblock}
      </button>
      <RefusalLine refused={refused} />
    </div>
  );
}
