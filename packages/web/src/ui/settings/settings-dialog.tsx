import { type ComponentType, useState } from 'react';
import type { SettingsWords } from '../../words/en/settings.js';
import { words } from '../../words/words.js';
import { Dialog } from '../dialog.js';
import { Icon, type IconName } from '../icon.js';
import { AppearanceSection } from './appearance-section.js';
import { BlockedSection } from './blocked-section.js';
import { ProfileSection } from './profile-section.js';
import { SecuritySection } from './security-section.js';

interface SettingsPart {
  readonly title: keyof SettingsWords & ('profile' | 'security' | 'blocked' | 'appearance');
  readonly icon: IconName;
  readonly Content: ComponentType;
}

const parts: readonly SettingsPart[] = [
  { title: 'profile', icon: 'person', Content: ProfileSection },
  { title: 'security', icon: 'lock', Content: SecuritySection },
  { title: 'blocked', icon: 'blocked', Content: BlockedSection },
  { title: 'appearance', icon: 'sun', Content: AppearanceSection },
];

/** The settings of the user and of this browser. */
export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const say = words().settings;
  const [title, setTitle] = useState<SettingsPart['title']>('profile');
  const { Content } = parts.find((part) => part.title === title) ?? { Content: ProfileSection };
  return (
    <Dialog title={say.title} onClose={onClose} className="settings">
      <nav aria-label={say.sections}>
        {parts.map(({ title: one, icon }) => (
          <button
            key={one}
            type="button"
            data-focus={one === title}
            aria-current={one === title}
            onClick={() => setTitle(one)}
          >
            <Icon name={icon} size={18} />
            <span>{say[one]}</span>
          </button>
        ))}
      </nav>
      <section key={title} aria-labelledby="settings-part" className="settings-part">
        <h3 id="settings-part" className="unseen">
          {say[title]}
        </h3>
        <Content />
      </section>
    </Dialog>
  );
}
