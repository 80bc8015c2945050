import { describe, expect, it } from 'vitest';
import { compose, composeContainer, TOKENS } from '../src/container.ts';
import { readConfig } from '../src/config/config.ts';

const config = readConfig({ BACKUP_DIR: '/nowhere', DATABASE_URL: 'postgresql://u@h/d' });

describe('the composition root', () => {
  it.each(Object.entries(TOKENS))('makes the part behind the token %s, once', (_, token) => {
    const container = composeContainer(config);
    const part = container.resolve<unknown>(token);
    expect(part).toBeDefined();
    expect(container.resolve<unknown>(token)).toBe(part);
  });

  it('gives commands those parts, the primary store being one of the stores', () => {
    const services = compose(config);
    expect(services.stores).toEqual([services.primary]);
    expect(services.producer.database).toBe('d');
    for (const part of ['archiver', 'clock', 'journal', 'lock', 'primary', 'producer', 'retention', 'stores'] as const) {
      expect(services[part], part).toBe(services[part]);
    }
  });

  it('shares no part between two configurations', () => {
    expect(compose(config).primary).not.toBe(compose(config).primary);
  });
});
