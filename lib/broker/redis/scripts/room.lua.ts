/** Wakes one worker that had to wait until others have ended. A token that nobody needs goes by itself. */
export const ringRoom = String.raw`
  if call('EXISTS', room_bell) == 0 then call('LPUSH', room_bell, 1) end
  call('PEXPIRE', room_bell, 60000)
`;
