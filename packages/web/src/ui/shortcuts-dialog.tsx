import { Fragment } from 'react';
import type { ShortcutsWords } from '../words/en/shortcuts.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';

type Row = readonly [what: keyof ShortcutsWords, ...keys: string[]];

function groups({ ctrl, shift, end }: ShortcutsWords): readonly (readonly [keyof ShortcutsWords, readonly Row[]])[] {
  const alt = 'Alt';
  const esc = 'Esc';
  const enter = 'Enter';
  return [
    [
      'anywhere',
      [
        ['switcher', ctrl, 'K'],
        ['next', alt, '↓'],
        ['previous', alt, '↑'],
        ['nextUnread', alt, shift, '↓'],
        ['previousUnread', alt, shift, '↑'],
        ['settings', ctrl, ','],
        ['shortcuts', '?'],
        ['close', esc],
      ],
    ],
    [
      'writing',
      [
        ['send', enter],
        ['newLine', shift, enter],
        ['editLast', '↑'],
        ['cancel', esc],
      ],
    ],
    [
      'reading',
      [
        ['move', '↑', '↓'],
        ['latest', end],
      ],
    ],
  ];
}

/** The list of all keys that do something. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const say = words().shortcuts;
  return (
    <Dialog title={say.title} onClose={onClose} className="shortcuts">
      {groups(say).map(([title, rows]) => (
        <Fragment key={title}>
          <h3>{say[title]}</h3>
          <dl>
            {rows.map(([what, ...keys]) => (
              <div key={what}>
                <dt>{say[what]}</dt>
                <dd>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </Fragment>
      ))}
    </Dialog>
  );
}
