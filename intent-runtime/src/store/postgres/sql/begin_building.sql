-- A process that stands still here would keep others from taking its lease: the server ends its connection.
BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s';
