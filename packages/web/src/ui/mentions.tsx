import { createContext, useContext } from 'react';
import { mentionParts } from '../state/mentions.js';
import { givenName, type Names } from '../state/names.js';
import { plainLine } from '../state/text.js';

interface Mentions {
  /** Ids of the users whom the message mentions. */
  readonly userIds: readonly string[];
  readonly names: Names;
  readonly me: string;
}

/** Provides the mentions of the message that is shown. */
export const MentionsContext = createContext<Mentions>({ userIds: [], names: {}, me: '' });

/** Words of a message. Shows whom it mentions by name. */
export function MentionText({ text }: { text: string }) {
  const { userIds, names, me } = useContext(MentionsContext);
  if (userIds.length === 0 || !text.includes('@')) return text;
  return mentionParts(text, userIds).map(({ text: words, userId }, index) =>
    userId === undefined ? (
      words
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no id and no state
      <span key={index} className="mention-of" data-me={userId === me} title={userId}>
        @<bdi>{plainLine(givenName(names, userId))}</bdi>
      </span>
    ),
  );
}
