/**
 * Prints which tests failed and why, and at last `N passed, N failed`, from vitest's JSON reports; exits 1 if anything failed
 * or there is no report.
 */
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';

const reports = process.argv.slice(2).map(read);
const passed = reports.reduce((sum, report) => sum + report.passed, 0);
const failures = reports.flatMap((report) => report.failures);
for (const { title, message } of failures) console.log(`FAILED TEST: ${title}\n${message}\n`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);

function read(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return { passed: 0, failures: [{ title: `no report of the tests: ${basename(path)}`, message: String(error) }] };
  }
  return { passed: report.numPassedTests, failures: report.testResults.flatMap(failuresOf) };
}

function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  // A file that could not be loaded has failed without any test of its own to say so.
  if (status === 'failed' && failed.length === 0) return [{ title: file, message }];
  return failed.map(({ fullName, failureMessages }) => ({
    title: `${file} > ${fullName}`,
    message: failureMessages.join('\n').split('\n').slice(0, 12).join('\n'),
  }));
}
