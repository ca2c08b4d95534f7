import { createContext, Fragment, useContext } from 'react';
import { mentionParts } from '../state/mentions.js';
import { givenName, type Names } from '../state/names.js';
import { plainLine, slicesOf } from '../state/text.js';

interface Mentions {
  /** Ids of the users whom the message mentions. */
  readonly userIds: readonly string[];
  readonly names: Names;
  readonly me: string;
}

/** Provides the mentions of the message that is shown. */
export const MentionsContext = createContext<Mentions>({ userIds: [], names: {}, me: '' });

/** Words of any length. The browser lays out each slice of them by itself. */
export function Sliced({ text }: { text: string }) {
  return slicesOf(text).map((slice, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the slices have no id and no state
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {slice}
    </Fragment>
  ));
}

/** Words of a message. Shows whom it mentions by name. */
export function MentionText({ text }: { text: string }) {
  const { userIds, names, me } = useContext(MentionsContext);
  if (userIds.length === 0 || !text.includes('@')) return <Sliced text={text} />;
  return mentionParts(text, userIds).map(({ text: words, userId }, index) =>
    userId === undefined ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no id and no state
      <Sliced key={index} text={words} />
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no id and no state
      <span key={index} className="mention-of" data-me={userId === me} title={userId}>
        @<bdi>{plainLine(givenName(names, userId))}</bdi>
      </span>
    ),
  );
}
