import { useRef } from 'react';
import { words } from '../words/words.js';
import { Icon } from './icon.js';

/** Opens the browser's dialog for files. */
export function AttachButton({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const { attach } = words().conversation;
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={attach}
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = ''; // The same file can be chosen again.
        }}
      />
      <button
        type="button"
        className="icon-button"
        aria-label={attach}
        title={attach}
        onClick={() => input.current?.click()}
      >
        <Icon name="clip" />
      </button>
    </>
  );
}
