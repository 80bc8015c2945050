import type { Command, Option } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
  /** Fixed values of the first argument. */
  readonly values: readonly string[];
}

/** Returns the completion script of a shell: commands, options and fixed values. */
export function completionScript(program: Command, shell: Shell): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).map((command): CommandWords => {
    const isHelp = command.name() === 'help';
    return {
      name: command.name(),
      description: command.description(),
      options: isHelp ? [] : help.visibleOptions(command),
      values: isHelp
        ? program.commands.map((one) => one.name())
        : command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    };
  });
  if (shell === 'fish') return fishScript(commands);
  const zsh = 'autoload -U +X compinit bashcompinit && compinit && bashcompinit\n';
  return `${shell === 'zsh' ? zsh : ''}${bashScript(commands, help.visibleOptions(program))}`;
}

/* Bash offers file names where no word fits. */
function bashScript(commands: readonly CommandWords[], options: readonly Option[]): string {
  const cases = commands.flatMap(({ name, options: own, values }) => [
    ...own
      .filter(({ required }) => required)
      .map(({ long, argChoices = [] }) => `      ${name}:${long}) words='${argChoices.join(' ')}' ;;`),
    `      ${name}:*) words='${[...values, ...flagsOf(own)].join(' ')}' ;;`,
  ]);
  return `_geolens_backup() {
  local words='${[...commands.map(({ name }) => name), ...flagsOf(options)].join(' ')}'
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}:\${COMP_WORDS[COMP_CWORD-1]}" in
${cases.join('\n')}
      *) words= ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _geolens_backup geolens-backup
`;
}

function fishScript(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, description, options, values }) => {
    const within = `complete -c geolens-backup -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c geolens-backup -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...(values.length === 0 ? [] : [`${within} -f -a '${values.join(' ')}'`]),
      ...options.map(({ long, required, argChoices = [], description: text }) => {
        const value = argChoices.length > 0 ? ` -x -a '${argChoices.join(' ')}'` : required ? ' -r' : '';
        return `${within} -l ${long?.slice(2)}${value} -d ${quoted(text)}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function flagsOf(options: readonly Option[]): readonly string[] {
  return options.flatMap(({ long }) => long ?? []);
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
