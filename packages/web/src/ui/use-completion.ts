import type { BotCommand } from '@parley/client';
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { matchingCommands, type OfferedCommand } from '../state/commands.js';
import { type Completion, completed, completionAt } from '../state/completion.js';
import { type Emoji, matchingEmoji } from '../state/emoji.js';
import { type Mentionable, matchingPeople } from '../state/mentions.js';
import { useEmoji } from './use-emoji.js';

/** One choice of the list: a command of a bot, a user, or an emoji. */
export type Choice =
  | ({ readonly kind: 'command'; readonly key: string } & OfferedCommand)
  | { readonly kind: 'person'; readonly key: string; readonly word: string; readonly person: Mentionable }
  | { readonly kind: 'emoji'; readonly key: string; readonly word: string; readonly emoji: Emoji };

const mostChoices = 8;

function choicesOf(
  found: Completion | undefined,
  { people, commands }: Pick<CompletionOptions, 'people' | 'commands'>,
  emoji: readonly Emoji[],
): readonly Choice[] {
  if (found === undefined || found.isClosed) return [];
  if (found.kind === 'command')
    return matchingCommands(commands, found.word, mostChoices).map((one) => ({
      ...{ kind: 'command', key: `${one.command.name}@${one.command.botId}`, ...one },
    }));
  if (found.kind === 'person')
    return matchingPeople(people, found.word, mostChoices).map((person) => ({
      ...{ kind: 'person', key: person.id, word: `@${person.id}`, person },
    }));
  return matchingEmoji(emoji, found.word)
    .slice(0, mostChoices)
    .map((one) => ({ kind: 'emoji', key: one.emoji, word: one.emoji, emoji: one }));
}

interface CompletionOptions {
  readonly area: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly people: readonly Mentionable[];
  readonly commands: readonly BotCommand[];
  readonly onText: (text: string) => void;
}

/** Completes commands, mentions and the names of emoji before the caret. */
export function useCompletion({ area, text, people, commands, onText }: CompletionOptions) {
  const [caret, setCaret] = useState(0);
  const [at, setAt] = useState(0);
  const [closedFrom, setClosedFrom] = useState<number>();
  const caretAfter = useRef<number>(undefined);
  const there = completionAt(text, caret);
  const { all: emoji = [] } = useEmoji(there?.kind === 'emoji');
  const choices = there?.from === closedFrom ? [] : choicesOf(there, { people, commands }, emoji);
  const chosen = Math.min(at, choices.length - 1);
  const put = (place: Pick<Completion, 'from' | 'to'>, word: string) => {
    const next = completed(text, place, word);
    caretAfter.current = next.caret;
    setCaret(next.caret);
    setAt(0);
    onText(next.text);
  };
  const pick = (choice: Choice | undefined) => {
    if (choice !== undefined && there !== undefined) put(there, choice.word);
  };
  const named =
    there?.isClosed === true ? emoji.find(({ names }) => names.includes(there.word.toLowerCase())) : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a closed name is replaced once
  useEffect(() => {
    if (there !== undefined && named !== undefined) put(there, named.emoji);
  }, [named]);
  useLayoutEffect(() => {
    if (caretAfter.current === undefined) return;
    area.current?.focus();
    area.current?.setSelectionRange(caretAfter.current, caretAfter.current);
    caretAfter.current = undefined;
  });
  /** Follows the caret. */
  const follow = () => setCaret(area.current?.selectionStart ?? 0);
  /** Returns whether the list takes a key. */
  const takesKey = ({ key, nativeEvent: { isComposing } }: KeyboardEvent): boolean => {
    if (choices.length === 0 || isComposing) return false;
    if (key === 'ArrowDown') setAt((chosen + 1) % choices.length);
    else if (key === 'ArrowUp') setAt((chosen + choices.length - 1) % choices.length);
    else if (key === 'Enter' || key === 'Tab') pick(choices[chosen]);
    else if (key === 'Escape') setClosedFrom(there?.from);
    else return false;
    return true;
  };
  /** Inserts a word where the caret is. */
  const insert = (word: string) => put({ from: caret, to: caret }, word);
  /** Whether the word before the caret is a mention. */
  const isOfPeople = there?.kind === 'person';
  return { choices, chosen, isOfPeople, pick, follow, takesKey, insert };
}
