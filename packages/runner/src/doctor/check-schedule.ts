import type { DiagnosticResult, Schedule } from '@geolens/backup-core';
import { localTimeText } from '../present/units.ts';

const SHOWN = 3;

/** The next moments of a schedule, in its zone and in UTC. */
export function checkSchedule(subject: string, schedule: Schedule, now: Date): DiagnosticResult {
  const moments: Date[] = [];
  for (
    let next = schedule.next(now);
    next !== undefined && moments.length < SHOWN;
    next = schedule.next(next)
  )
    moments.push(next);
  if (moments.length === 0)
    return {
      subject,
      level: 'warn',
      message: `"${schedule.expression}" names no moment within nine years`,
      hint: 'Correct the schedule',
    };
  const inZone = moments.map((moment) => bothTexts(moment, schedule.zone));
  return {
    subject,
    level: 'ok',
    message: `"${schedule.expression}" in ${schedule.zone}: next ${inZone.join(', ')}`,
  };
}

/** `2026-11-22 02:00 (01:00 UTC)`; the day of UTC too where it is another one. */
function bothTexts(moment: Date, zone: string): string {
  const [wall, utc] = [localTimeText(moment, zone), localTimeText(moment, 'UTC')];
  if (wall === utc) return wall;
  const [day, time] = utc.split(' ') as [string, string];
  return `${wall} (${wall.startsWith(day) ? time : utc} UTC)`;
}
