import type { Channel } from '@parley/client';
import { memberWords } from '../state/chat-words.js';
import { chatHref } from '../state/place.js';
import { joinableChannels, offeredChats } from '../state/rooms.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { Icon } from './icon.js';
import { Name } from './text.js';
import { useWorkspace } from './workspace-context.js';

/** The public channels that the user may join, and the chats that were offered to them. */
export function BrowseChannels({ onClose }: { onClose: () => void }) {
  const { rooms, chats } = useWorkspace();
  const state = useWatched(rooms);
  const { items } = useWatched(chats);
  const say = words().chats;
  const isOutside = ({ id }: Channel) => items[id] === undefined;
  const [offers, open] = [offeredChats(state).filter(isOutside), joinableChannels(state).filter(isOutside)];
  return (
    <Dialog title={say.find} onClose={onClose}>
      {offers.length + open.length === 0 && <p className="hint">{say.noPublic}</p>}
      <Channels title={say.invitations} channels={offers} onClose={onClose} />
      <Channels title={say.publicChannels} channels={open} onClose={onClose} />
      {state.more && (
        <button type="button" className="quiet more" onClick={() => rooms.more()}>
          {words().common.more}
        </button>
      )}
    </Dialog>
  );
}

interface ChannelsProps {
  readonly title: string;
  readonly channels: readonly Channel[];
  readonly onClose: () => void;
}

function Channels({ title, channels, onClose }: ChannelsProps) {
  if (channels.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="people-list channels">
        {channels.map(({ id, name, memberCount }) => (
          <li key={id}>
            <Icon name="hash" size={18} />
            <a href={chatHref(id)} onClick={onClose}>
              <Name of={name} />
            </a>
            <span className="hint">{memberWords(memberCount)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
