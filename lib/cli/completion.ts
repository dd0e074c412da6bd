import { COMMON_OPTIONS } from './arguments.js';
import type { Command } from './command.js';
import { PROGRAM } from './help.js';

const FUNCTION = `_${PROGRAM.replaceAll('-', '_')}`;

/** A script for bash: the first word is a command, and what begins with a dash an option of it. */
export function bashCompletion(commands: readonly Command[]): string {
  const cases = commands.map((command) => `    ${command.name}) words='${optionsOf(command).join(' ')}' ;;`);
  return `${FUNCTION}() {
  local current=\${COMP_WORDS[COMP_CWORD]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map(({ name }) => name).join(' ')}'
  else case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F ${FUNCTION} ${PROGRAM}
`;
}

/** The same for zsh, which shows what each command and option does. */
export function zshCompletion(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
    const specs = options.map(([name, { description, value }]) => {
      return quoted(`--${name}[${description.replaceAll(/[[\]:]/g, '\\$&')}]${value ? ':value:' : ''}`);
    });
    return `    ${command.name}) _arguments ${specs.join(' ')} '*:argument:_default' ;;`;
  });
  return `#compdef ${PROGRAM}
${FUNCTION}() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef ${FUNCTION} ${PROGRAM}
`;
}

function optionsOf({ options }: Command): string[] {
  return Object.keys({ ...options, ...COMMON_OPTIONS }).map((name) => `--${name}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
