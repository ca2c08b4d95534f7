-- A gateway moves the receipts of chats that no chat server owns.
GRANT EXECUTE ON FUNCTION chat.save_receipts TO chat_gateway;
