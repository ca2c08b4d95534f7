import { ChannelKind } from '@parley/client';
import { memo } from 'react';
import { kindWords } from '../state/chat-words.js';
import { activityOf, type ChatItem, titleOf } from '../state/chats.js';
import { withoutFormats } from '../state/markdown.js';
import { mentionsByName } from '../state/mentions.js';
import { givenName, type Names } from '../state/names.js';
import { chatHref } from '../state/place.js';
import { plainLine } from '../state/text.js';
import { briefTime } from '../state/times.js';
import { words } from '../words/words.js';
import { ChatIcon } from './chat-icon.js';
import { useNow } from './hooks.js';
import { Icon } from './icon.js';
import { Name } from './text.js';

interface ChatItemProps {
  readonly item: ChatItem;
  readonly names: Names;
  readonly me: string;
  readonly isOnline: boolean;
  readonly isOpen: boolean;
  readonly unsent: number;
}

const countWords = (count: number) => (count >= 100 ? '99+' : `${count}`);

/** Returns the last message as one line, with its sender unless the sender is obvious. */
function previewOf({ last, channel }: ChatItem, names: Names, me: string): string {
  if (last === undefined) return words().chats.noMessages;
  const start = last.text ?? words().conversation.noText;
  const text = start === '' ? words().chats.deleted : plainLine(mentionsByName(withoutFormats(start), names));
  if (last.sender === me) return words().chats.mine(text);
  return channel.kind === ChannelKind.DIRECT ? text : `${plainLine(givenName(names, last.sender))}: ${text}`;
}

/** Returns a text for a screen reader that replaces the signs in the row. */
function signWords({ item, isOnline, unsent }: ChatItemProps): string {
  const { unread, mentions, markedUnread, notify, channel } = item;
  const say = words();
  const facts = [
    kindWords(channel.kind),
    isOnline ? say.chats.online : '',
    unread > 0 ? say.common.unread(countWords(unread)) : markedUnread ? say.chats.markedUnread : '',
    mentions > 0 ? say.chats.mentions(countWords(mentions)) : '',
    unsent > 0 ? say.common.notSent(unsent) : '',
    notify === 'none' ? say.chats.muted : '',
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}

/** A chat in the list. */
export const ChatRow = memo(function ChatRow(props: ChatItemProps) {
  const { item, names, me, isOnline, isOpen, unsent } = props;
  const { channel, unread, mentions, markedUnread, notify } = item;
  const isNew = unread > 0 || markedUnread;
  return (
    <li>
      <a
        href={chatHref(channel.id)}
        className={isNew ? 'chat unread' : 'chat'}
        aria-current={isOpen ? 'page' : undefined}
      >
        <ChatIcon item={item} isOnline={isOnline} />
        <span className="chat-name">
          <Name of={titleOf(item)} />
          <span className="unseen"> ({signWords(props)})</span>
          {notify === 'none' && <Icon name="muted" size={14} />}
        </span>
        <Activity at={activityOf(item)} />
        <span className="chat-last">
          {unsent > 0 ? (
            <b className="unsent">{words().common.notSent(unsent)}</b>
          ) : (
            <bdi>{previewOf(item, names, me)}</bdi>
          )}
        </span>
        <span className="badges" aria-hidden="true">
          {mentions > 0 && <span className="badge mentions">@{mentions > 1 && countWords(mentions)}</span>}
          {isNew && (
            <span className="badge" data-muted={notify === 'none'}>
              {unread > 0 ? countWords(unread) : '•'}
            </span>
          )}
        </span>
      </a>
    </li>
  );
});

function Activity({ at }: { at: number }) {
  const now = useNow(true, 60_000);
  return (
    <time className="chat-time" dateTime={new Date(at).toISOString()}>
      {briefTime(at, now)}
    </time>
  );
}
