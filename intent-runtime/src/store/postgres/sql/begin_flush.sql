-- A process that stands still in the midst of a flush would keep others from taking its lease: the server ends its connection.
BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off; SET LOCAL idle_in_transaction_session_timeout = '5s';
