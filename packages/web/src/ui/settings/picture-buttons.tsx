import { useRef, useState, useSyncExternalStore } from 'react';
import { squarePicture } from '../../live/square-picture.js';
import { words } from '../../words/words.js';
import { RefusalLine } from '../refusal-line.js';
import { useAction } from '../use-action.js';
import { useWorkspace } from '../workspace-context.js';

/** Changes or removes the user's picture at once. */
export function PictureButtons({ id }: { id: string }) {
  const { account, people } = useWorkspace();
  const say = words().settings;
  const input = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState('');
  const hasPicture = useSyncExternalStore(people.subscribe, () => people.picture(id)) !== undefined;
  const { busy, refused, run } = useAction(async (file: File | undefined) => {
    setTold('');
    if (file === undefined) return account.removePicture();
    const square = await squarePicture(file).catch(() => undefined);
    if (square === undefined) setTold(say.noPicture);
    else setTold((await account.setPicture(square)) ? say.saved : say.picturesOff);
  });
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={say.choosePicture}
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          target.value = ''; // The same file can be chosen again.
          if (file !== undefined) run(file);
        }}
      />
      <div className="picture-choices">
        <button type="button" className="quiet" disabled={busy} onClick={() => input.current?.click()}>
          {say.choosePicture}
        </button>
        {hasPicture && (
          <button type="button" className="quiet" disabled={busy} onClick={() => run(undefined)}>
            {say.removePicture}
          </button>
        )}
        <span role="status" className="hint">
          {told}
        </span>
      </div>
      <RefusalLine refused={refused} />
    </>
  );
}
